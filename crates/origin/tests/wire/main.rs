//! The origin as a client sees it: bytes over real sockets.

mod bodies;
mod client;
mod endpoints;
mod foreign;
mod lifecycle;
mod ranges;
mod scripted;
mod strictness;
mod uploads;
