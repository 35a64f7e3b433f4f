// Rows per second of the npm `spacetimedb` SDK: node codec.mjs SHAPE FILE REPEATS
// Reads FILE (rows in BSATN, one after the other) as its client does, writes the rows again, and
// prints one line of JSON. Fails if the bytes written are not those read.

import { readFileSync } from "node:fs";
import { AlgebraicType, BinaryReader, BinaryWriter, Identity, ProductType, Timestamp } from "spacetimedb";

const column = (name, algebraicType) => ({ name, algebraicType });
const SHAPES = {
  numbers: [
    column("id", AlgebraicType.U64),
    column("x", AlgebraicType.F32),
    column("y", AlgebraicType.F32),
    column("health", AlgebraicType.I32),
  ],
  message: [
    column("id", AlgebraicType.U64),
    column("sender", Identity.getAlgebraicType()),
    column("sent", Timestamp.getAlgebraicType()),
    column("text", AlgebraicType.String),
  ],
};

const [shape, file, repeats] = process.argv.slice(2);
const rowType = { elements: SHAPES[shape] };
const deserialize = ProductType.makeDeserializer(rowType);
const serialize = ProductType.makeSerializer(rowType);
const data = new Uint8Array(readFileSync(file));

function decode() {
  const reader = new BinaryReader(data);
  const rows = [];
  while (reader.remaining > 0) rows.push(deserialize(reader));
  return rows;
}

function encode(rows) {
  const writer = new BinaryWriter(1024);
  for (const row of rows) serialize(writer, row);
  return writer.getBuffer();
}

function best(work) {
  let least = Infinity;
  let result;
  for (let i = 0; i < Number(repeats); i++) {
    result = undefined;
    globalThis.gc?.();
    const start = process.hrtime.bigint();
    result = work();
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e9);
  }
  return [least, result];
}

const [decodeSeconds, rows] = best(decode);
const [encodeSeconds, written] = best(() => encode(rows));
if (Buffer.compare(Buffer.from(written), Buffer.from(data)) !== 0) throw new Error("other bytes were written than read");
console.log(JSON.stringify({ rows: rows.length, decodeSeconds, encodeSeconds, node: process.version }));
