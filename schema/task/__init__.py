"""Tasks: types, lists, mutations."""
