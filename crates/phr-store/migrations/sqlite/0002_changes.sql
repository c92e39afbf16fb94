-- The person's revision at the transaction that last wrote the row. Rows older than this file stay
-- at 0, and the feed of changes begins before 0, so nothing has to be rewritten.
alter table observation add column revision integer not null default 0;

create index observation_by_revision on observation (person, revision, id);

-- A process older than this file writes rows without a revision, and raises the person's after its
-- rows. What it writes must not be missing in the feed: it gets the revision that is about to be.
-- A newer process raises the person's first and writes another one each time: nothing happens here.
create trigger observation_inserted_by_an_older_process after insert on observation
    when new.revision = 0
begin
    update observation
        set revision = 1 + (select revision from person where person.id = new.person)
        where person = new.person and id = new.id;
end;
create trigger observation_updated_by_an_older_process after update of version on observation
    when new.revision = old.revision
begin
    update observation
        set revision = 1 + (select revision from person where person.id = new.person)
        where person = new.person and id = new.id;
end;

-- What the vendor said about the person's devices, and when it was asked (JSON).
alter table connection add column devices text;

-- Stable code of what failed a run, if something did.
alter table sync_run add column error text;
