// Hive Gateway, tuned: compiled operations, nothing beside GraphQL; whole answers are kept if $KEEP is set.
import { defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  fork: 1,
  logging: 'error',
  jit: true,
  graphiql: false,
  landingPage: false,
  reporting: undefined,
  cache: { type: 'localforage', driver: ['LOCALSTORAGE'] },
  ...(process.env.KEEP ? { responseCaching: { session: () => null, ttl: 600_000 } } : {}),
});
