-- Older days: history that is still to be fetched, and the nightly audit. Both are due times of
-- their own on the connection's row, beside due_at of its recent days.

-- When older days are compared with the vendor again, and the day from which the next slice of the
-- rotation goes back.
alter table connection add column audit_due_at integer;
alter table connection add column audit_from text;
-- When history goes on; null when there is nothing to fetch.
alter table connection add column history_due_at integer;
alter table connection add column history_attempts integer not null default 0;
-- From this day on everything is to be held, whatever was requested beyond.
alter table connection add column kept_from text;
-- When the person's account at the vendor began; null if the vendor did not say.
alter table connection add column member_since text;
-- What the lease is for: recent, audit or history.
alter table connection add column lease_work text;
-- Until then only who reserved it may claim it: a person who waits for older work to give way.
alter table connection add column reserved_until integer;

create index connection_audit on connection (audit_due_at)
    where state = 'active' and audit_due_at is not null;
create index connection_history on connection (history_due_at)
    where state = 'active' and history_due_at is not null;

-- The latest request for history of each connection. What is left of it is decided by coverage.
create table backfill (
    connection   blob    not null primary key references connection (id) on delete cascade,
    first_day    text    not null,
    metrics      text    not null,
    state        text    not null,
    requested_at integer not null,
    updated_at   integer not null,
    -- Since when it has been going, and how many days it settled since: what the estimate is from.
    begun_at     integer,
    days_settled integer not null default 0,
    last_error   text
) strict, without rowid;

-- recent, audit or history.
alter table sync_run add column work text not null default 'recent';
