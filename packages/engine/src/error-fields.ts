/**
 * The fields of an error beyond those of every error. What is not known of it is not there at all: an error that is printed
 * shows what it says, and nothing else.
 *
 * JavaScriptCore (Bun) gives every error a `line` of its own, of the source in which it was made, that no loop sees: it is
 * taken away first, or an error that has nothing to do with a line would name one, and one that has would not show it.
 */
export function setFields(error: Error, fields: Readonly<Record<string, unknown>>): void {
  for (const name of ENGINE_FIELDS) Reflect.deleteProperty(error, name);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) Reflect.set(error, name, value);
  }
}

/** What engines of JavaScript put there, and means something else here. */
const ENGINE_FIELDS = ["line"];
