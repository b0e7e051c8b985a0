//! Eight threads share two connections.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example pool -- 127.0.0.1:8000
//! ```

use std::collections::HashSet;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use straightwire::{HttpConnection, Pool, PoolError, Repeat};

fn main() -> Result<(), PoolError> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: pool HOST:PORT");
        std::process::exit(2);
    };
    let url = format!("http://{address}");

    let pool = Pool::builder()
        .per_host(2)
        .wait(Duration::from_secs(10))
        .connect(|origin| {
            HttpConnection::builder(origin.host)
                .port(origin.port)
                .timeout(Duration::from_secs(10))
                .repeat(Repeat::Idempotent)
                .build()
        })
        .build();

    let our_ends = Mutex::new(HashSet::new());
    let fifty_requests = || -> Result<(), PoolError> {
        for size in 1..=50 {
            let mut conn = pool.get(&url)?; // waits for one where both are in use
            conn.request("GET", &format!("/bytes/{size}"), (), &[])?;
            conn.get_response()?.read_all()?;
            if let (Some((local, _)), Ok(mut seen)) = (conn.addresses(), our_ends.lock()) {
                seen.insert(local);
            }
        } // and gives it back
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(fifty_requests)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("a thread that does not panic"))
    })?;

    println!("400 requests over {} connections", our_ends.lock().map_or(0, |seen| seen.len()));
    println!("{} are idle, {} in use", pool.idle(), pool.leased());
    Ok(())
}
