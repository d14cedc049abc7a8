// What a test asks a script: JSON on standard input.
import { text } from "node:stream/consumers";

export const asked = JSON.parse(await text(process.stdin));
