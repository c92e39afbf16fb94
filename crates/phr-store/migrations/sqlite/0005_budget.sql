-- Requests to a vendor, shared by all processes: one row for a project and one for each person.
create table budget (
    key          text    not null primary key,
    -- What was granted lately: [[second since 1970, requests], ...], at most 66 pairs.
    slots        text    not null,
    -- The vendor said no until then.
    closed_until integer not null,
    used_at      integer not null
) strict, without rowid;

create index budget_age on budget (used_at);
