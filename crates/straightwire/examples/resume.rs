//! A download that the server cuts again and again, and that is whole in the end.
//!
//! ```text
//! straightwire serve --port 8000
//! cargo run -p straightwire --example resume -- 127.0.0.1:8000
//! ```

use straightwire::{Download, HttpConnection, Outcome};

fn main() -> straightwire::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        eprintln!("usage: resume HOST:PORT");
        std::process::exit(2);
    };

    let target = "/flaky/100000?cut=30000";
    let mut conn = HttpConnection::new(&address)?;
    let mut file = Vec::new();

    // One run, which ends with an error.
    let mut download = Download::new(target);
    if let Err(err) = download.run(&mut conn, &mut file) {
        println!("{err}");
    }
    let Some(validator) = download.validator().cloned() else {
        println!("nothing to match the rest with: it would have to be begun anew");
        return Ok(());
    };
    println!("{} bytes are here, of {validator}", file.len());

    // A later one, which knows what is here and tries again by itself.
    let mut download = Download::new(target).resume(file.len() as u64, validator).retries(5);
    match download.run(&mut conn, &mut file)? {
        Outcome::Complete => println!("all {} bytes are here", file.len()),
        Outcome::Changed => println!("it is another one now: empty the file and begin anew"),
        Outcome::Refused(status) => println!("the server says {status}"),
    }
    Ok(())
}
