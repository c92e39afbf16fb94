-- Older days: history that is still to be fetched, and the nightly audit. Both are due times of
-- their own on the connection's row, beside due_at of its recent days.

-- When older days are compared with the vendor again, and the day from which the next slice of the
-- rotation goes back.
alter table connection add column audit_due_at bigint;
alter table connection add column audit_from text collate "C";
-- When history goes on; null when there is nothing to fetch.
alter table connection add column history_due_at bigint;
alter table connection add column history_attempts bigint not null default 0;
-- From this day on everything is to be held, whatever was requested beyond.
alter table connection add column kept_from text collate "C";
-- When the person's account at the vendor began; null if the vendor did not say.
alter table connection add column member_since text collate "C";
-- What the lease is for: recent, audit or history.
alter table connection add column lease_work text collate "C";
-- Until then only who reserved it may claim it: a person who waits for older work to give way.
alter table connection add column reserved_until bigint;

create index connection_audit on connection (audit_due_at)
    where state = 'active' and audit_due_at is not null;
create index connection_history on connection (history_due_at)
    where state = 'active' and history_due_at is not null;

-- The latest request for history of each connection. What is left of it is decided by coverage.
create table backfill (
    connection   uuid    not null primary key references connection (id) on delete cascade,
    first_day    text collate "C"    not null,
    metrics      text collate "C"    not null,
    state        text collate "C"    not null,
    requested_at bigint  not null,
    updated_at   bigint  not null,
    -- Since when it has been going, and how many days it settled since: what the estimate is from.
    begun_at     bigint,
    days_settled bigint  not null default 0,
    last_error   text collate "C"
);

-- recent, audit or history.
alter table sync_run add column work text collate "C" not null default 'recent';
