//! Where the time of two exchanges went, drawn. The second has the connection that the first has opened.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example timings -- localhost:8000
//! ```

use std::time::Duration;

use straightwire::{HttpConnection, Timings};

/// Columns of the picture.
const WIDTH: f64 = 50.0;

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: timings HOST:PORT");
        std::process::exit(2);
    };

    let mut conn = HttpConnection::builder(&address).timings(true).build()?;
    for target in ["/index.html", "/drip?bytes=5&pause_ms=20&delay_ms=100"] {
        conn.request("GET", target, (), &[])?;
        let mut response = conn.get_response()?;
        response.read_all()?;
        println!("GET {target}: {}", response.status());
        if let Some(timings) = response.timings() {
            draw(&timings);
            println!("  in a line: {timings}\n");
        }
    }
    Ok(())
}

/// A line for each phase, each beginning where the one before it ends.
fn draw(timings: &Timings) {
    let columns = |time: Duration| (WIDTH * time.div_duration_f64(timings.total())).round() as usize;
    let mut begins = Duration::ZERO;
    for (phase, time) in timings.phases() {
        let (before, bar) = (" ".repeat(columns(begins)), "#".repeat(columns(time).max(1)));
        println!("  {phase:8} {:9.3} ms  {before}{bar}", time.as_secs_f64() * 1000.0);
        begins += time;
    }
}
