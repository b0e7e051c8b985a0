//! The command as it is used: the real binary, against servers on loopback.

mod demo;
mod exit_codes;
mod help;
mod output;
mod program;
mod requests;
mod serve;
mod verbose;
