//! The command as it is used: the real binary, against servers on loopback.

mod compressed;
mod demo;
mod exit_codes;
mod help;
mod https;
mod output;
mod program;
mod proxy;
mod requests;
mod resume;
mod route_codes;
mod serve;
mod system;
mod timing;
mod verbose;
mod way;
mod world;
