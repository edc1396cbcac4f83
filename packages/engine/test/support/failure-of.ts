/** What a call fails with, whether it throws or rejects. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return "nothing";
}
