// One person uses all that the city has, with the official TypeScript client: node city.mjs URL DATABASE NAME
// Prints what is seen, a line of JSON for each, in the order in which it must happen.

import { WebSocket } from "undici";

import { DbConnection, tables } from "./bindings";

Object.assign(globalThis, { WebSocket });

const [url, database, name] = process.argv.slice(2);
const told = (what: string, ...details: unknown[]) => console.log(JSON.stringify([what, ...details]));

const connection = await new Promise<DbConnection>((resolve, reject) => {
  DbConnection.builder()
    .withUri(url)
    .withDatabaseName(database)
    .onConnect((connection) => resolve(connection))
    .onConnectError((_, error) => reject(error))
    .build();
});
const { db, reducers, procedures } = connection;

await new Promise<void>((resolve, reject) => {
  connection
    .subscriptionBuilder()
    .onApplied(() => resolve())
    .onError((context) => reject(context.event))
    .subscribe([tables.myself, tables.myPets, tables.elders, tables.bell, tables.errand] as never);
});

// Views: rows of one's own, and of everybody.
const pets = new Promise((resolve) => db.myPets.onInsert((_, pet) => resolve(pet.name)));
await reducers.settle({ identity: connection.identity!, name, age: 59, pets: [`${name}'s cat`] });
told("my pet", await pets);
told("myself", [...db.myself.iter()].map((citizen) => [citizen.name, citizen.age]));
told("elders before", [...db.elders.iter()].some((elder) => elder.name === name.toUpperCase()));
await reducers.growOlder({ name, years: 1 });
told("elders after", [...db.elders.iter()].some((elder) => elder.name === name.toUpperCase()));

// Procedures return values, and change rows.
told("added", (await procedures.add({ one: 4294967295, other: 1 })).toString());
told("counted", await procedures.countErrand({ name }));
told("errand", db.errand.name.find(name)?.count ?? null);

// Rows of event tables are told and gone.
const rung = new Promise((resolve) => db.bell.onInsert((_, bell) => resolve([bell.tower, bell.strokes])));
await reducers.ring({ tower: name, strokes: 3 });
told("rung", await rung, [...db.bell.iter()].length);

// What is refused, and a bug.
const reason = (error: unknown) => (error as Error).message;
told("refused", await reducers.ring({ tower: name, strokes: 0 }).then(() => null, reason));
told("bug", await reducers.fail({ kind: "zero" }).then(() => null, reason));
told("a bug of a procedure", await procedures.stumble({ inTransaction: true }).then(() => false, () => true));
told("after it", (await procedures.add({ one: 1, other: 1 })).toString());

connection.disconnect();
