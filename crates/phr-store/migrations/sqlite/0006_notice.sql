-- What people and the operator's backend are told: the outbox. It is written in the transaction
-- that does what it tells of, and holds no readings.

-- Where notices go, as the server is configured. A receiver that is gone for good is closed.
create table notice_channel (
    channel text    not null primary key,
    closed  integer not null default 0
) strict, without rowid;

create table notice (
    id         blob    not null primary key,
    person     blob    not null references person (id) on delete cascade,
    kind       text    not null,
    connection blob,
    payload    text    not null,
    created_at integer not null
) strict, without rowid;

create index notice_of_person on notice (person, kind);
create index notice_age on notice (created_at);

create table notice_delivery (
    notice      blob    not null references notice (id) on delete cascade,
    channel     text    not null,
    -- due, done or failed.
    state       text    not null,
    attempts    integer not null default 0,
    due_at      integer not null,
    -- Somebody delivers it until then.
    lease_until integer,
    -- Stable code of the last failure.
    error       text,
    primary key (notice, channel)
) strict, without rowid;

create index notice_delivery_due on notice_delivery (due_at) where state = 'due';

-- Since when a connection has been failing, and whether its person was told.
create table failing (
    connection blob    not null primary key references connection (id) on delete cascade,
    since      integer not null,
    told_at    integer
) strict, without rowid;
