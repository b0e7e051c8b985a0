//! Counts what a request costs: instructions, system calls, allocations, and processor time as a ratio to
//! a bare socket. `docs/benchmarks.md` tells the method.
//!
//! ```text
//! scenario.rs   what is measured               client/    who is measured
//! messages.rs   the bytes of both sides        server.rs  the other side, a process of its own
//! tls.rs        how both sides speak TLS
//! child.rs      one client, one scenario, so many units: the process that is looked at
//!
//! instructions.rs  system_calls.rs  cpu.rs     how a child is looked at
//! throughput.rs  bytes a second, as a ratio to the bare socket
//! files.rs      files to and from a socket: ways to move them, side by side
//! count.rs      all of it -> results.rs        report.rs  results -> docs/benchmarks
//! guard.rs      the costs that must not grow
//! ```

#![forbid(unsafe_code)]

pub mod chart;
pub mod child;
pub mod client;
pub mod count;
pub mod cpu;
#[cfg(target_os = "linux")]
pub mod files;
pub mod guard;
pub mod instructions;
pub mod memory;
pub mod messages;
pub mod report;
pub mod results;
pub mod scenario;
pub mod server;
pub mod system_calls;
pub mod table;
pub mod throughput;
pub mod tls;
pub mod upload;

use std::alloc::System;

use stats_alloc::StatsAlloc;

/// Whatever went wrong, told to whoever runs the benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The result of what may fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// The system's allocator, which counts what is asked of it.
#[global_allocator]
pub static HEAP: StatsAlloc<System> = StatsAlloc::system();
