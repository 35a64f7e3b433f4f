// Two people chat with the official TypeScript client: node chat.mjs URL DATABASE
// Prints what each sees, a line of JSON for each, in the order in which it must happen.

import { WebSocket } from "undici";

import { DbConnection, tables } from "./bindings";

Object.assign(globalThis, { WebSocket });

const [url, database] = process.argv.slice(2);
const told = (what: string, ...details: unknown[]) => console.log(JSON.stringify([what, ...details]));

type Connected = { connection: DbConnection; identity: string; token: string };

function connect(token?: string): Promise<Connected> {
  return new Promise((resolve, reject) => {
    DbConnection.builder()
      .withUri(url)
      .withDatabaseName(database)
      .withToken(token)
      .onConnect((connection, identity, token) =>
        resolve({ connection, identity: identity.toHexString(), token }),
      )
      .onConnectError((_, error) => reject(error))
      .build();
  });
}

function subscribe(connection: DbConnection, queries: unknown[]): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const handle = connection
      .subscriptionBuilder()
      .onApplied(() =>
        resolve(() => new Promise((ended) => handle.unsubscribeThen(() => ended()))),
      )
      .onError((context) => reject(context.event))
      .subscribe(queries as never);
  });
}

const ada = await connect();
const bob = await connect();
told("different people", ada.identity !== bob.identity);

await subscribe(ada.connection, [tables.user, tables.message]);
const online = () => [...ada.connection.db.user.iter()].filter((user) => user.online).length;
told("online", online());

const named = new Promise((resolve) =>
  ada.connection.db.user.onUpdate((_, old, user) => resolve([old.name ?? null, user.name ?? null])),
);
await bob.connection.reducers.setName({ name: "Bob" });
told("renamed", await named);

const heard = new Promise((resolve) =>
  ada.connection.db.message.onInsert((context, message) =>
    resolve([message.text, message.sender.toHexString() === bob.identity, context.event.tag]),
  ),
);
await bob.connection.reducers.sendMessage({ text: "Hello, Ada" });
told("heard", await heard);

const own = new Promise((resolve) =>
  ada.connection.db.message.onInsert((context, message) => {
    if (message.text === "Hello, Bob") resolve([context.event.tag, ada.connection.db.message.count().toString()]);
  }),
);
await ada.connection.reducers.sendMessage({ text: "Hello, Bob" });
told("said", await own);

try {
  await ada.connection.reducers.sendMessage({ text: "" });
  told("refused", false);
} catch (error) {
  told("refused", (error as Error).message);
}

const refused = subscribe(ada.connection, ["SELECT * FROM nothing_like_it"]).then(
  () => false,
  () => true,
);
told("unknown table", await refused);

const unsubscribe = await subscribe(bob.connection, ["SELECT * FROM message WHERE text = 'Hello, Ada'"]);
told("matching", [...bob.connection.db.message.iter()].map((message) => message.text));
await unsubscribe();
told("after unsubscribing", [...bob.connection.db.message.iter()].length);

const left = new Promise((resolve) =>
  ada.connection.db.user.onUpdate((_, old, user) => {
    if (old.online && !user.online) resolve(user.identity.toHexString() === bob.identity);
  }),
);
bob.connection.disconnect();
told("left", await left);

const back = await connect(bob.token);
told("the same person", back.identity === bob.identity);
await subscribe(back.connection, [tables.user.where((user) => user.online.eq(true))]);
told("kept name", [...back.connection.db.user.iter()].map((user) => user.name ?? null).sort());

back.connection.disconnect();
ada.connection.disconnect();
