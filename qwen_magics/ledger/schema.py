"""The ledger's tables, as statements that bring an older file up to each version."""

from __future__ import annotations

_FIRST = """
create table if not exists entries (
    n integer primary key autoincrement,
    kind text not null,              -- reserved, then one of settled | lost | released
    turn text not null,
    time text not null,              -- the turn's start in UTC, all rows of a turn alike
    notebook text not null, cell text not null, session text not null,
    provider text not null, region text not null, model text not null,
    status text not null,
    currency text not null,          -- '' where no money is known: free, plan, unpriced, replayed
    amount text,                     -- a decimal; of a reserved or lost row the worst case
    basis text not null, bound text not null, derived integer not null, saved text,
    input integer not null, cached integer not null, output integer not null, thinking integer not null,
    request_hash text not null,
    receipt text not null            -- JSON; '' in reserved and released rows
);
create unique index if not exists entries_turn on entries (turn, kind);
create index if not exists entries_time on entries (time);
create index if not exists entries_notebook on entries (notebook, time);
create index if not exists entries_session on entries (session, time);
-- What counts as spent: settled turns, and lost ones (whose owner may have come back to settle after all).
create view if not exists spent as
    select * from entries where kind = 'settled' or kind = 'lost'
        and not exists (select 1 from entries s where s.turn = entries.turn and s.kind = 'settled');
-- Turns in flight, a handful at most; the only rows that change.
create table if not exists in_flight (
    turn text primary key, owner text not null, receipt text not null, sent integer not null default 0
);
create table if not exists answers (
    n integer primary key autoincrement,
    turn text not null unique, time text not null, notebook text not null, cell text not null, session text not null,
    request_hash text not null, model text not null, status text not null,
    asked text not null, text text not null, thinking text not null, size integer not null
);
create index if not exists answers_cell on answers (notebook, cell, n);
create index if not exists answers_hash on answers (request_hash, n);
create table if not exists held (bytes integer not null);
insert into held select 0 where not exists (select 1 from held);
create trigger if not exists answer_in after insert on answers begin update held set bytes = bytes + new.size; end;
create trigger if not exists answer_out after delete on answers begin update held set bytes = bytes - old.size; end;
"""
_SECOND = """
alter table answers add column execution text not null default '';  -- one run of a cell, which may ask many times
create index entries_model on entries (model, n);
create table budgets (       -- the newest row of a scope, notebook and currency holds
    n integer primary key autoincrement,
    time text not null,
    scope text not null,     -- turn | notebook | day | month
    notebook text not null,  -- '' but for the scope `notebook`
    currency text not null,
    amount text              -- null: no budget any more
);
create table prompts (       -- what the last requests of a notebook were made of; no text of theirs
    n integer primary key autoincrement,
    turn text not null unique, time text not null, notebook text not null,
    provider text not null, region text not null, model text not null,
    layout text not null     -- JSON: label, digest and size of each part, in order
);
create index prompts_notebook on prompts (notebook, n);
create table sums (          -- what the rows up to n come to; a shortcut, which may be dropped at any time
    since text not null, notebook text not null, currency text not null,
    n integer not null, amount text not null,
    primary key (since, notebook, currency)
);
create trigger entry_out after delete on entries begin delete from sums; end;
"""
# Nothing is ever changed or dropped, so older and newer versions read each other's files.
SCHEMAS = (_FIRST, _SECOND)
