//! Files to and from a socket: each way to move them, in turn, over loopback. The other side is a thread,
//! whose time does not count.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Instant;

use cpu_time::ThreadTime;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, pipe, splice};
use straightwire::{Body, HttpConnection};

use crate::Result;
use crate::cpu::median;
use crate::messages::{HEAD_END, MEBIBYTE, READ_SIZE, pattern};
use crate::table::markdown;

/// A way to move a file: the server, the file, its length.
type Way = fn(SocketAddr, &File, u64) -> Result<()>;

const DOWNLOADS: &[(&str, Way)] = &[
    ("read + write, 8 KiB", |server, file, len| copy_in::<{ 8 << 10 }>(server, file, len)),
    ("read + write, 64 KiB", |server, file, len| copy_in::<{ 64 << 10 }>(server, file, len)),
    ("read + write, 256 KiB", |server, file, len| copy_in::<{ 256 << 10 }>(server, file, len)),
    ("read + write, 1 MiB", |server, file, len| copy_in::<{ 1 << 20 }>(server, file, len)),
    ("splice, pipe of 64 KiB", |server, file, len| splice_in(server, file, len, 64 << 10)),
    ("splice, pipe of 1 MiB", |server, file, len| splice_in(server, file, len, 1 << 20)),
    ("straightwire, copy_to", download),
];

const UPLOADS: &[(&str, Way)] = &[
    ("read + write, 8 KiB", |server, file, len| copy_out::<{ 8 << 10 }>(server, file, len)),
    ("read + write, 256 KiB", |server, file, len| copy_out::<{ 256 << 10 }>(server, file, len)),
    ("sendfile, 64 KiB", |server, file, len| sendfile_out(server, file, len, 64 << 10)),
    ("sendfile, 1 MiB", |server, file, len| sendfile_out(server, file, len, 1 << 20)),
    ("straightwire, Body::reader", |server, file, len| {
        upload(server, Body::reader(file), &[("Content-Length", &len.to_string())])
    }),
    ("straightwire, Body::file", |server, file, _| upload(server, Body::file(file)?, &[])),
];

/// Measures all of them, with files in this folder, and prints a table each.
///
/// # Errors
/// When something can't be opened, sent or saved.
pub fn run(folder: &Path, mebibytes: u64, rounds: usize) -> Result<()> {
    let path = folder.join(format!("bench-files-{}", std::process::id()));
    let server = serve(mebibytes * MEBIBYTE as u64)?;
    let measured = measure_all(&path, server, mebibytes, rounds);
    fs::remove_file(&path)?;
    measured
}

fn measure_all(path: &Path, server: SocketAddr, mebibytes: u64, rounds: usize) -> Result<()> {
    let len = mebibytes * MEBIBYTE as u64;
    let place = path.parent().unwrap_or(path).display();
    let downloads = measure(DOWNLOADS, rounds, |way| {
        let file = File::create(path)?;
        let time = timed(|| way(server, &file, len))?;
        if file.metadata()?.len() == len { Ok(time) } else { Err("not all of it was saved".into()) }
    })?;
    println!("{mebibytes} MiB from a socket to a file in {place}, median of {rounds} rounds:\n\n{downloads}");
    fs::write(path, pattern(len as usize).collect::<Vec<_>>())?;
    let uploads = measure(UPLOADS, rounds, |way| {
        let file = File::open(path)?;
        timed(|| way(server, &file, len))
    })?;
    println!("{mebibytes} MiB from a file in {place} to a socket, median of {rounds} rounds:\n\n{uploads}");
    Ok(())
}

/// Milliseconds of this thread's processor, and of the clock.
fn timed(job: impl FnOnce() -> Result<()>) -> Result<[f64; 2]> {
    let (cpu, wall) = (ThreadTime::now(), Instant::now());
    job()?;
    Ok([cpu.elapsed().as_secs_f64() * 1e3, wall.elapsed().as_secs_f64() * 1e3])
}

/// Each once a round, in turning order, after a first one that doesn't count.
fn measure(ways: &[(&str, Way)], rounds: usize, run: impl Fn(Way) -> Result<[f64; 2]>) -> Result<String> {
    let mut seen: Vec<Vec<[f64; 2]>> = vec![Vec::new(); ways.len()];
    for round in 0..=rounds {
        for place in 0..ways.len() {
            let at = (round + place) % ways.len();
            let times = run(ways[at].1)?;
            if round > 0 {
                seen[at].push(times);
            }
        }
    }
    let rows: Vec<Vec<String>> = ways
        .iter()
        .zip(&seen)
        .map(|((name, _), own)| {
            let mut cells = vec![(*name).to_owned()];
            for clock in 0..2 {
                cells.push(format!("{:.1}", median(own.iter().map(|times| times[clock]).collect())));
                let ratios = own.iter().zip(&seen[0]).map(|(own, first)| own[clock] / first[clock]);
                cells.push(format!("{:.2}", median(ratios.collect())));
            }
            cells
        })
        .collect();
    Ok(markdown(&["way", "CPU ms", "first = 1", "wall ms", "first = 1"], &rows))
}

fn copy_in<const BLOCK: usize>(server: SocketAddr, mut file: &File, len: u64) -> Result<()> {
    let mut stream = ask(server)?;
    let mut block = vec![0; BLOCK];
    let mut left = len;
    while left > 0 {
        let here = stream.read(&mut block)?;
        if here == 0 {
            return Err("the server closed".into());
        }
        file.write_all(&block[..here])?;
        left -= here as u64;
    }
    Ok(())
}

fn splice_in(server: SocketAddr, file: &File, len: u64, room: usize) -> Result<()> {
    let stream = ask(server)?;
    let (out, into) = pipe()?;
    fcntl_setpipe_size(&into, room)?;
    let flags = SpliceFlags::MOVE | SpliceFlags::MORE;
    let mut left = len;
    while left > 0 {
        let mut here = splice(&stream, None, &into, None, room.min(left as usize), flags)?;
        if here == 0 {
            return Err("the server closed".into());
        }
        left -= here as u64;
        while here > 0 {
            here -= splice(&out, None, file, None, here, flags)?;
        }
    }
    Ok(())
}

/// A request is out, and the head of its answer has been read.
fn ask(server: SocketAddr) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")?;
    read_head(&mut stream)?;
    Ok(stream)
}

fn copy_out<const BLOCK: usize>(server: SocketAddr, mut file: &File, len: u64) -> Result<()> {
    let mut stream = begin_upload(server, len)?;
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => return read_head(&mut stream).map(drop),
            here => stream.write_all(&block[..here])?,
        }
    }
}

fn sendfile_out(server: SocketAddr, file: &File, len: u64, most: usize) -> Result<()> {
    let mut stream = begin_upload(server, len)?;
    let mut left = len as usize;
    while left > 0 {
        left -= rustix::fs::sendfile(&stream, file, None, most.min(left))?;
    }
    read_head(&mut stream).map(drop)
}

fn begin_upload(server: SocketAddr, len: u64) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(server)?;
    write!(stream, "PUT / HTTP/1.1\r\nHost: bench\r\nContent-Length: {len}\r\n\r\n")?;
    Ok(stream)
}

fn download(server: SocketAddr, mut file: &File, _: u64) -> Result<()> {
    let mut conn = HttpConnection::new(&server.to_string())?;
    conn.request("GET", "/", (), &[])?;
    conn.get_response()?.copy_to(&mut file)?;
    Ok(())
}

fn upload(server: SocketAddr, body: Body<'_>, headers: &[(&str, &str)]) -> Result<()> {
    let mut conn = HttpConnection::new(&server.to_string())?;
    conn.request("PUT", "/", body, headers)?;
    conn.get_response()?.read_all()?;
    Ok(())
}

/// One byte after the other, so that none of the body is taken.
fn read_head(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(HEAD_END) {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    Ok(head)
}

/// One connection after the other, each with one request: what is got has this length, and so has what is put.
fn serve(len: u64) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let block: Vec<u8> = pattern(MEBIBYTE).collect();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that has failed says so itself.
            let _ = answer(stream, &block, len);
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, block: &[u8], len: u64) -> Result<()> {
    stream.set_nodelay(true)?;
    if read_head(&mut stream)?.starts_with(b"PUT") {
        let mut room = vec![0; READ_SIZE];
        let mut left = len;
        while left > 0 {
            left -= match stream.read(&mut room)? {
                0 => return Err("the client closed".into()),
                here => here as u64,
            };
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        return Ok(());
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n")?;
    for _ in 0..len / block.len() as u64 {
        stream.write_all(block)?;
    }
    Ok(())
}
