-- The person's revision at the transaction that last wrote the row. No process older than this file
-- ever wrote to this database.
alter table observation add column revision bigint not null default 0;

create index observation_by_revision on observation (person, revision, id);

-- What the vendor said about the person's devices, and when it was asked (JSON).
alter table connection add column devices text collate "C";

-- Stable code of what failed a run, if something did.
alter table sync_run add column error text collate "C";
