// The npm `spacetimedb` SDK as a client of a chat: node client_live.mjs CASE URL DATABASE TOKEN
// Prints the figures of the case as one line of JSON, its last.

import { DbConnectionBuilder, DbConnectionImpl, procedures, reducerSchema, reducers, schema, t, table } from "spacetimedb";

const [what, url, database, token] = process.argv.slice(2);

const message = t.row({ sender: t.identity(), sent: t.timestamp(), text: t.string() });
const user = t.row({ identity: t.identity().primaryKey(), name: t.option(t.string()), online: t.bool() });
const tables = schema({
  message: table({ name: "message" }, message),
  user: table(
    {
      name: "user",
      indexes: [{ name: "user_identity_idx_btree", algorithm: "btree", columns: ["identity"], accessor: "identity" }],
      constraints: [{ name: "user_identity_key", constraint: "unique", columns: ["identity"] }],
    },
    user,
  ),
});
const MODULE = {
  versionInfo: { cliVersion: "2.8.3" },
  tables: tables.schemaType.tables,
  reducers: reducers(
    reducerSchema("send_message", { text: t.string() }),
    reducerSchema("set_name", { name: t.string() }),
  ).reducersType.reducers,
  ...procedures(),
};
const builder = () =>
  new DbConnectionBuilder(MODULE, (config) => new DbConnectionImpl(config))
    .withUri(url)
    .withDatabaseName(database)
    .withCompression("none");

const now = () => Number(process.hrtime.bigint()) / 1e9;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function connect() {
  return new Promise((resolve, reject) => {
    const connection = builder()
      .withToken(token)
      .onConnect(() => resolve(connection))
      .onConnectError((_, error) => reject(error))
      .build();
  });
}

function subscribe(connection, query) {
  return new Promise((resolve, reject) => {
    connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event))
      .subscribe([query]);
  });
}

async function subscription() {
  const connection = await connect();
  const start = now();
  await subscribe(connection, "SELECT * FROM message");
  const seconds = now() - start;
  const rows = Number(connection.db.message.count());
  connection.disconnect();
  return { seconds, rows };
}

async function sequential(calls = 1000) {
  const connection = await connect();
  await subscribe(connection, "SELECT * FROM user");
  for (let i = 0; i < 500; i++) await connection.reducers.setName({ name: "Ada" });
  const latencies = [];
  const start = now();
  for (let i = 0; i < calls; i++) {
    const begin = now();
    await connection.reducers.setName({ name: `Ada ${i}` });
    latencies.push(now() - begin);
  }
  const seconds = now() - start;
  connection.disconnect();
  return { seconds: seconds / calls, median: latencies.sort((a, b) => a - b)[calls >> 1] };
}

async function pipelined(calls = 1000, rounds = 15) {
  const connection = await connect();
  await subscribe(connection, "SELECT * FROM user");
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = now();
    const pending = [];
    for (let i = 0; i < calls; i++) pending.push(connection.reducers.setName({ name: `Ada ${i}` }));
    await Promise.all(pending);
    least = Math.min(least, now() - start);
  }
  connection.disconnect();
  return { seconds: least };
}

// The numbers of the calls that frames hold: each is a tag, the number, a byte of flags, the name, the arguments.
function numbersOf(frames) {
  const numbers = [];
  for (const frame of frames) {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    for (let at = 0; at < frame.length; ) {
      numbers.push(view.getUint32(at + 1, true));
      at += 10 + view.getUint32(at + 6, true);
      at += 4 + view.getUint32(at, true);
    }
  }
  return numbers;
}

// One frame that says of all of them that they are done: a tag, the number, a timestamp, a tag.
function answerTo(numbers) {
  const frame = new Uint8Array(14 * numbers.length);
  const view = new DataView(frame.buffer);
  numbers.forEach((number, i) => {
    view.setUint8(14 * i, 6);
    view.setUint32(14 * i + 1, number, true);
    view.setUint8(14 * i + 13, 1);
  });
  return frame;
}

async function encoding(batch = 1000, batches = 10, rounds = 25) {
  let least = Infinity;
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    let sent = [];
    const socket = { protocol: "v3.bsatn.spacetimedb", readyState: 1, close() {} };
    socket.send = (frame) => void sent.push(frame.slice());
    const connection = builder().withWSFn(async () => socket).build();
    await turn();
    socket.onopen();
    const identity = Buffer.concat([Buffer.from([0]), Buffer.alloc(48), Buffer.from([1, 0, 0, 0, 116])]);
    socket.onmessage({ data: new Uint8Array(identity) });
    await turn();
    sent = [];
    let seconds = 0;
    bytes = 0;
    for (let i = 0; i < batch * batches; i += batch) {
      const start = now();
      const calls = [];
      for (let j = i; j < i + batch; j++)
        calls.push(connection.reducers.sendMessage({ text: `a message of some forty characters ${j}` }));
      await null;
      seconds += now() - start;
      const numbers = numbersOf(sent);
      if (numbers.length !== batch) throw new Error(`${numbers.length} calls were sent`);
      for (const frame of sent) bytes += frame.length;
      sent = [];
      socket.onmessage({ data: answerTo(numbers) });
      await Promise.all(calls);
    }
    least = Math.min(least, seconds);
  }
  return { seconds: least / (batch * batches), bytes: bytes / (batch * batches) };
}

async function clients(count = 200) {
  const first = await connect();
  globalThis.gc();
  await turn();
  const before = process.memoryUsage().rss;
  const start = now();
  const connections = await Promise.all(Array.from({ length: count }, connect));
  await Promise.all(connections.map((connection) => subscribe(connection, "SELECT * FROM message")));
  const ready = now();
  globalThis.gc();
  await turn();
  const memory = process.memoryUsage().rss - before;
  const seen = connections.map(
    (connection) => new Promise((resolve) => connection.db.message.onInsert((_, row) => row.text === "to all" && resolve())),
  );
  const told = now();
  await first.reducers.sendMessage({ text: "to all" });
  await Promise.all(seen);
  const heard = now();
  for (const connection of [first, ...connections]) connection.disconnect();
  return { connecting: ready - start, hearing: heard - told, memory: memory / count };
}

const CASES = { subscription, sequential, pipelined, encoding, clients };
const figures = await CASES[what]();
console.log(JSON.stringify(figures));
process.exit(0);
