//! The window: driven by accessible name, on snapshots made by hand; rules of its source; and
//! pictures in both themes.

#![allow(unreachable_pub)]

mod abilities;
mod answers;
mod compare;
mod decoded;
mod driven;
mod filter;
mod fixture;
mod fixture_compare;
mod fixture_server;
mod keyboard;
mod pictures;
mod plots;
mod rules;
mod server;
mod stage;
mod states;
