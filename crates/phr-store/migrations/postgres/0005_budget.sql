-- Requests to a vendor, shared by all processes: one row for a project and one for each person.
create table budget (
    key          text collate "C"   not null primary key,
    -- What was granted lately: [[second since 1970, requests], ...], at most 66 pairs.
    slots        text collate "C"   not null,
    -- The vendor said no until then.
    closed_until bigint not null,
    used_at      bigint not null
);

create index budget_age on budget (used_at);
