"""The tables of the sidebar's threads, as statements that bring an older file up to each version."""

from __future__ import annotations

_FIRST = """
create table threads (
    n integer primary key autoincrement,
    id text not null unique,
    title text not null,
    notebook text not null,          -- the ledger's name for it, '' for none
    created text not null, updated text not null,
    revision integer not null default 1,
    head text not null default '',
    deleted text not null default ''  -- since when; '' for those that are there
);
create index threads_notebook on threads (notebook, updated);
create table turns (
    n integer primary key autoincrement,
    id text not null unique,
    thread text not null references threads (id),
    parent text not null,            -- '' where it begins the thread
    time text not null,
    status text not null default 'running',
    currency text not null default '', amount text, bound text not null default 'exact',  -- the receipt's, for sums
    owner text not null default '',  -- JSON; the process in which it runs
    question text not null,          -- as it was typed
    answer text not null default '',
    asked text not null,             -- as it was sent
    chips text not null,             -- JSON
    thinking text not null default '',
    receipt text, error text         -- JSON
);  -- (what lists read comes first: long texts lie on pages of their own)
create index turns_thread on turns (thread, n);
create index turns_running on turns (status) where status = 'running';
"""
SCHEMAS = (_FIRST,)
