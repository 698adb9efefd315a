"""The history of the schema; applied by `branch_desk.models.database.upgrade`."""
