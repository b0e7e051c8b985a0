//! The origin as a client sees it: bytes over real sockets.

mod bodies;
mod certificates;
mod client;
mod encoded;
mod endpoints;
mod foreign;
mod hang_up;
mod lifecycle;
mod proxy;
mod ranges;
mod scripted;
mod strictness;
mod tls;
mod tls_scripts;
mod unwell;
mod upgrade;
mod uploads;
