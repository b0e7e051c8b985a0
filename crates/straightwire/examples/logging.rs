//! What the library tells a logger; here `env_logger`, on standard error. Credentials are not among it.
//!
//! ```text
//! straightwire serve --port 8000
//! RUST_LOG=straightwire=trace cargo run -p straightwire --features log --example logging -- 127.0.0.1:8000
//! ```

use straightwire::{HttpConnection, basic_credentials};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: logging HOST:PORT");
        std::process::exit(2);
    };
    // RUST_LOG decides; without it, what debug has.
    env_logger::Builder::new().parse_env(env_logger::Env::default().default_filter_or("debug")).init();

    let credentials = basic_credentials("user", "secret");
    let mut conn = HttpConnection::new(&address)?;
    for target in ["/index.html?key=secret", "/parrot.spam"] {
        conn.request("GET", target, (), &[("Authorization", &credentials)])?;
        let mut response = conn.get_response()?;
        let len = response.read_all()?.len();
        println!("{} {}, {len} bytes", response.status(), response.reason());
    }
    Ok(())
}
