/** A thumbnail as a BMP file of some kilobytes: stripes whose colours and slope are those of the name. */
import { createHash } from "node:crypto";

const HEADER_BYTES = 54;

export async function render(name: string): Promise<Uint8Array> {
  const hash = createHash("sha256").update(name).digest();
  const side = 24 + 4 * (hash[0]! % 7); // rows of 4n pixels need no padding
  const image = Buffer.alloc(HEADER_BYTES + side * side * 3);
  image.write("BM");
  image.writeUInt32LE(image.length, 2);
  image.writeUInt32LE(HEADER_BYTES, 10);
  image.writeUInt32LE(40, 14);
  image.writeInt32LE(side, 18);
  image.writeInt32LE(side, 22);
  image.writeUInt16LE(1, 26);
  image.writeUInt16LE(24, 28);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const stripe = Math.floor((x + (y * hash[1]!) / 128) / 4) % 4;
      image.set(hash.subarray(4 + stripe * 3, 7 + stripe * 3), HEADER_BYTES + (y * side + x) * 3);
    }
  }
  return image;
}
