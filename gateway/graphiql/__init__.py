"""GraphiQL for people who open /graphql in a browser; everything it loads comes from this gateway."""
