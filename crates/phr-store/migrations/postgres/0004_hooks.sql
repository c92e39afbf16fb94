-- What the vendor's notifications say about a connection. They are hints, never data.

-- The earliest civil date they named since a run last reached that far back.
alter table connection add column hinted_from text collate "C";
-- When one came last, and whether any ever did.
alter table connection add column last_hook_at bigint;
-- Runs in a row that found changes which no notification had announced.
alter table connection add column missed_hooks bigint not null default 0;
