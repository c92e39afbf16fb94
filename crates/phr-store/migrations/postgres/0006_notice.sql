-- What people and the operator's backend are told: the outbox. It is written in the transaction
-- that does what it tells of, and holds no readings.

-- Where notices go, as the server is configured. A receiver that is gone for good is closed.
create table notice_channel (
    channel text collate "C"    not null primary key,
    closed  bigint not null default 0
);

create table notice (
    id         uuid    not null primary key,
    person     uuid    not null references person (id) on delete cascade,
    kind       text collate "C"    not null,
    connection uuid,
    payload    text collate "C"    not null,
    created_at bigint not null
);

create index notice_of_person on notice (person, kind);
create index notice_age on notice (created_at);

create table notice_delivery (
    notice      uuid    not null references notice (id) on delete cascade,
    channel     text collate "C"    not null,
    -- due, done or failed.
    state       text collate "C"    not null,
    attempts    bigint not null default 0,
    due_at      bigint not null,
    -- Somebody delivers it until then.
    lease_until bigint,
    -- Stable code of the last failure.
    error       text collate "C",
    primary key (notice, channel)
);

create index notice_delivery_due on notice_delivery (due_at) where state = 'due';

-- Since when a connection has been failing, and whether its person was told.
create table failing (
    connection uuid    not null primary key references connection (id) on delete cascade,
    since      bigint not null,
    told_at    bigint
);
