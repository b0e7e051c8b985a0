//! One client, one scenario, so many units: what runs in the process that is looked at.

use std::alloc::System;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};
use stats_alloc::Region;

#[cfg(feature = "peers")]
use crate::client::HyperClient;
use crate::client::{
    BareTls, BareTlsWide, Bodies, Client, HttparseClient, RawClient, Requests, StraightwireClient, Tcp,
    UreqClient,
};
use crate::memory::{self, Chunked};
use crate::messages::{Download, SmallGet};
use crate::scenario::{Group, Scenario, Unit};
use crate::server::Peer;
use crate::{HEAP, Result, upload};

/// What a child tells of itself, for all its units together; the first, which warms up, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in nanoseconds, user and system.
    pub cpu_nanos: u64,
    /// Time by the clock in nanoseconds.
    pub wall_nanos: u64,
    /// How often memory was asked for, or asked to be larger.
    pub allocations: u64,
    /// How many bytes that were.
    pub heap_bytes: u64,
}

/// What a child is told to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The `bench` program.
    pub program: PathBuf,
    /// Who does it.
    pub client: Client,
    /// What.
    pub scenario: Scenario,
    /// Where the server is.
    pub server: Peer,
}

impl Job {
    /// The command of a child that does so many units, behind `wrapper` and its arguments.
    ///
    /// # Errors
    /// When the file for an upload can't be made.
    pub fn command(&self, wrapper: &[&str], units: u64) -> Result<Command> {
        if matches!(self.scenario, Scenario::UploadLength | Scenario::UploadChunked) {
            upload::file(units)?;
        }
        let program = self.program.as_os_str();
        let words = wrapper.iter().map(AsRef::as_ref).chain([program]).collect::<Vec<_>>();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("child");
        let server = self.server.address.to_string();
        command.args([self.client.name(), self.scenario.name(), server, units.to_string()]);
        command.args(&self.server.root_pem);
        Ok(command)
    }

    /// Runs a child.
    ///
    /// # Errors
    /// When it can't be run or fails.
    pub fn usage(&self, units: u64) -> Result<Usage> {
        let output = self.command(&[], units)?.output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("{} {}: {said}", self.client.name(), self.scenario.name()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Does so many units in this process.
///
/// # Errors
/// When the client fails, or is not made for this work.
pub fn run(client: Client, scenario: Scenario, server: &Peer, units: u64) -> Result<Usage> {
    if !client.runs(scenario) {
        return Err(format!("{} does not run {}", client.name(), scenario.name()).into());
    }
    if scenario.group() == Group::Core {
        return core(client, scenario, server, units);
    }
    match client {
        Client::Straightwire => bodies::<StraightwireClient>(scenario, server, units),
        Client::Raw if server.root_pem.is_some() => bodies::<RawClient<BareTls>>(scenario, server, units),
        Client::Raw => bodies::<RawClient<Tcp>>(scenario, server, units),
        Client::RawWide => bodies::<RawClient<BareTlsWide>>(scenario, server, units),
        Client::Httparse => requests::<HttparseClient>(scenario, server, units),
        Client::Ureq => bodies::<UreqClient>(scenario, server, units),
        #[cfg(feature = "peers")]
        Client::Hyper => bodies::<HyperClient>(scenario, server, units),
    }
}

fn core(client: Client, scenario: Scenario, server: &Peer, units: u64) -> Result<Usage> {
    let few = scenario == Scenario::CoreFew;
    let address = server.address;
    let get = if few { SmallGet::few(address) } else { SmallGet::h25(address) };
    let chunked = Chunked::new(chunk_size(scenario));
    let run = |units| match scenario {
        Scenario::CoreFew | Scenario::CoreH25 => memory::exchanges(client, &get, units),
        _ => chunked.decode(client, units),
    };
    run(1)?;
    let meter = Meter::start();
    run(units)?;
    Ok(meter.stop())
}

fn requests<C: Requests>(scenario: Scenario, server: &Peer, units: u64) -> Result<Usage> {
    let mut client = C::new(server)?;
    let address = server.address;
    let get = if scenario == Scenario::GetH25 { SmallGet::h25(address) } else { SmallGet::few(address) };
    let once = matches!(scenario, Scenario::Connect | Scenario::TlsConnect);
    let mut run = || if once { client.get_once(&get) } else { client.get(&get) };
    run()?;
    let meter = Meter::start();
    for _ in 0..units {
        run()?;
    }
    Ok(meter.stop())
}

fn bodies<C: Bodies>(scenario: Scenario, server: &Peer, units: u64) -> Result<Usage> {
    let mut client = C::new(server)?;
    let download = |mebibytes| match scenario {
        Scenario::Chunks16k | Scenario::Chunks100 => {
            Download::in_chunks(server.address, chunk_size(scenario), mebibytes)
        }
        _ => Download::with_length(server.address, mebibytes),
    };
    match scenario {
        Scenario::UploadLength | Scenario::UploadChunked => {
            let chunked = scenario == Scenario::UploadChunked;
            let (first, whole) = (upload::file(1)?, upload::file(units)?);
            client.upload(&first, chunked)?;
            let meter = Meter::start();
            client.upload(&whole, chunked)?;
            Ok(meter.stop())
        }
        Scenario::ReadAll => {
            let (first, whole) = (download(1), download(units));
            client.read_all(&first)?;
            let meter = Meter::start();
            client.read_all(&whole)?;
            Ok(meter.stop())
        }
        _ if scenario.unit() == Unit::Request => requests::<C>(scenario, server, units),
        _ => {
            let (first, whole) = (download(1), download(units));
            client.download(&first)?;
            let meter = Meter::start();
            client.download(&whole)?;
            Ok(meter.stop())
        }
    }
}

fn chunk_size(scenario: Scenario) -> usize {
    if matches!(scenario, Scenario::Chunks100 | Scenario::CoreChunks100) { 100 } else { 16 * 1024 }
}

/// Runs from the end of the warm-up to the end of the work.
struct Meter {
    heap: Region<'static, System>,
    cpu: ProcessTime,
    clock: Instant,
}

impl Meter {
    fn start() -> Meter {
        Meter { heap: Region::new(&HEAP), cpu: ProcessTime::now(), clock: Instant::now() }
    }

    fn stop(self) -> Usage {
        let cpu_nanos = self.cpu.elapsed().as_nanos() as u64;
        let wall_nanos = self.clock.elapsed().as_nanos() as u64;
        let heap = self.heap.change();
        Usage {
            cpu_nanos,
            wall_nanos,
            allocations: (heap.allocations + heap.reallocations) as u64,
            heap_bytes: heap.bytes_allocated as u64,
        }
    }
}
