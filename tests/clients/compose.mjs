// Composes our subgraph with one of another team, by each of the three composers. Reads {sdls: {version: sdl}, other, conflict} from
// standard input and prints [{composer, version, errors}], with "conflict" as one more version.
import { composeServices as composeByApollo } from "@apollo/composition";
import { composeServices as composeByGuild } from "@theguild/federation-composition";
import { federateSubgraphs } from "@wundergraph/composition";
import { parse } from "graphql";
import { asked } from "./asked.mjs";

const { sdls, other, conflict } = asked;
const first = Object.values(sdls)[0];
const composers = {
  "@apollo/composition": (services) => composeByApollo(services).errors,
  "@theguild/federation-composition": (services) => composeByGuild(services).errors,
  "@wundergraph/composition": (services) => {
    const subgraphs = services.map(({ name, url, typeDefs }) => ({ name, url, definitions: typeDefs }));
    return federateSubgraphs({ subgraphs, version: "1" }).errors;
  },
};
const told = [];
for (const [version, sdl, beside] of [...Object.entries(sdls).map((each) => [...each, other]), ["conflict", first, conflict]])
  for (const [composer, compose] of Object.entries(composers)) {
    const errors = compose([
      { name: "taskgate", url: "http://127.0.0.1/graphql", typeDefs: parse(sdl) },
      { name: "invoices", url: "http://127.0.0.1/invoices", typeDefs: parse(beside) },
    ]);
    told.push({ composer, version, errors: (errors ?? []).map((each) => each.message) });
  }
console.log(JSON.stringify(told));
