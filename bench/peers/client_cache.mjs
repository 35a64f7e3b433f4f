// The npm `spacetimedb` SDK from message bytes to its cache:
//   node --expose-gc client_cache.mjs CASE SHAPE FOLDER REPEATS LISTENING
// SHAPE names the columns, FOLDER holds the frames of protocol v3, LISTENING is 1 for a callback on
// every insert, update and delete. Prints one line of JSON as its last.
//
// Its own connection handles the frames, all of it: only the socket is not a real one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DbConnectionBuilder, DbConnectionImpl, procedures, reducers, schema, t, table } from "spacetimedb";

const [what, shape, folder, repeats, listening] = process.argv.slice(2);

const key = (column) => (shape.endsWith("_without_key") ? column : column.primaryKey());
const COLUMNS = {
  numbers: { id: key(t.u64()), x: t.f32(), y: t.f32(), health: t.i32() },
  message: { id: key(t.u64()), sender: t.identity(), sent: t.timestamp(), text: t.string() },
};
const columns = COLUMNS[shape.replace("_without_key", "")];
const indexes = [{ name: "rows_id", algorithm: "btree", columns: ["id"], accessor: "id" }];
const constraints = [{ name: "rows_id_key", constraint: "unique", columns: ["id"] }];
const options = shape.endsWith("_without_key") ? {} : { indexes, constraints };
const tables = schema({ rows: table({ name: "rows", ...options }, t.row(columns)) });
const MODULE = {
  versionInfo: { cliVersion: "2.8.3" },
  tables: tables.schemaType.tables,
  reducers: reducers().reducersType.reducers,
  ...procedures(),
};

class Socket {
  protocol = "v3.bsatn.spacetimedb";
  readyState = 1;
  constructor() {
    Socket.last = this;
  }
  send() {}
  close() {}
}
globalThis.WebSocket = Socket;
const turn = () => new Promise((resolve) => setImmediate(resolve));

const read = (name) => new Uint8Array(readFileSync(join(folder, name))).buffer;
const count = { inserts: 0, updates: 0, deletes: 0 };

async function connect() {
  const connection = new DbConnectionBuilder(MODULE, (config) => new DbConnectionImpl(config))
    .withUri("http://localhost:3000")
    .withDatabaseName("bench")
    .withCompression("none")
    .build();
  await turn();
  const receive = async (frames) => {
    for (const data of frames) Socket.last.onmessage({ data });
    await turn();
  };
  Socket.last.onopen();
  await receive([read("identity")]);
  connection.subscriptionBuilder().subscribe(["SELECT * FROM rows"]);
  await turn();
  if (listening === "1") {
    connection.db.rows.onInsert(() => void count.inserts++);
    connection.db.rows.onUpdate?.(() => void count.updates++);
    connection.db.rows.onDelete(() => void count.deletes++);
  }
  return [receive, connection.db.rows];
}

async function best(prepared, timed) {
  let least = Infinity;
  for (let i = 0; i < Number(repeats); i++) {
    const [receive, rows] = await connect();
    await receive(prepared);
    globalThis.gc();
    const start = process.hrtime.bigint();
    await receive(timed);
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e9);
    best.rows = Number(rows.count());
  }
  return least;
}

function framesOf(data) {
  const view = new DataView(data);
  const frames = [];
  for (let at = 0; at < data.byteLength; ) {
    const length = view.getUint32(at, true);
    frames.push(data.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

async function memory() {
  const [receive, rows] = await connect();
  const settled = async () => {
    for (let i = 0; i < 5; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  };
  const before = await settled();
  await receive([read("subscribe")]);
  const after = await settled();
  return { rows: Number(rows.count()), rss: after.rss - before.rss, heap: after.heap - before.heap };
}

const CASES = {
  subscribe: async () => ({ seconds: await best([], [read("subscribe")]) }),
  update: async () => ({ seconds: await best([read("subscribe")], [read("update")]) }),
  delete: async () => ({ seconds: await best([read("subscribe")], [read("delete")]) }),
  transactions: async () => ({ seconds: await best([read("subscribe")], framesOf(read("transactions"))) }),
  memory,
};

const figures = await CASES[what]();
console.log(JSON.stringify({ rows: best.rows, ...count, ...figures }));
