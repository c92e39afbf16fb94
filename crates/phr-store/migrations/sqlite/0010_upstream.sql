-- Which of a vendor's APIs a consent was given for: its tokens are nobody else's business. Before this
-- there was one.
alter table connection add column upstream text not null default 'google-health';
alter table revocation add column upstream text not null default 'google-health';

-- The account's id in the vendor's former API, which tells that a consent at another API is the same
-- account's.
alter table connection add column legacy_user text;

-- Which zones the account was set to since when (JSON), for data that come as wall-clock times.
alter table connection add column zones text;
