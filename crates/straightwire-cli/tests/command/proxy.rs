//! `-x` and what belongs to it.

use origin::HostForm;

use crate::program::{Run, command, run, straightwire};
use crate::world::{NAME, World};

fn play(world: &World, line: &str) -> Run {
    straightwire(&world.words(line))
}

#[test]
fn a_plain_request_is_asked_of_the_proxy_whole() {
    let world = World::new("forwarded");
    // The origin takes the place of a proxy: it has to understand whole URLs (RFC 9112 3.2.2).
    play(&world, "-x http://user:p%40ss@{plain} http://u:p@Elsewhere.test:81/headers?a#b").text();
    play(&world, "-x {plain} -U user:p%40ss http://elsewhere.test/").text();
    play(&world, "-x {plain} -U user:p -H Proxy-Authorization:x http://elsewhere.test/").text();
    let requests = world.plain.requests();
    assert_eq!(requests[0].target, "http://elsewhere.test:81/headers?a");
    assert_eq!(requests[0].header("host"), Some("elsewhere.test:81"));
    assert_eq!(requests[0].header("authorization"), Some("Basic dTpw"));
    assert_eq!(requests[0].header("proxy-authorization"), Some("Basic dXNlcjpwQHNz"));
    assert_eq!(requests[1].target, "http://elsewhere.test/");
    assert_eq!(requests[1].header("authorization"), None);
    assert_eq!(requests[1].header("proxy-authorization"), Some("Basic dXNlcjpwJTQwc3M="));
    assert_eq!(requests[2].header("proxy-authorization"), Some("x"));
}

#[test]
fn a_secure_one_takes_a_tunnel() {
    let world = World::new("tunnelled");
    let page = play(
        &world,
        "-x {guarded} -U user:p@ss --cacert {ca.pem} -H Proxy-Note:n -H Secret:s \
         https://origin.test:{secure-port}/",
    );
    assert!(page.text().starts_with("<!doctype html>"), "{page:?}");
    let asked = &world.guarded.asked()[0];
    assert_eq!((&*asked.host, asked.port, asked.answer), (NAME, world.secure.port(), 200));
    assert_eq!(asked.credentials, Some(("user".to_owned(), "p@ss".to_owned())));
    let names: Vec<_> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Host", "Proxy-Authorization", "User-Agent", "Proxy-Note"]);
    let request = &world.secure.requests()[0];
    assert_eq!((&*request.target, request.header("secret")), ("/", Some("s")));
    for name in ["proxy-authorization", "proxy-note"] {
        assert_eq!(request.header(name), None, "{name}");
    }
    assert_eq!(world.secure.handshakes()[0].server_name.as_deref(), Some(NAME));
}

#[test]
fn a_plain_one_does_if_told() {
    let world = World::new("told");
    for line in
        ["-x {proxy} -p http://origin.test:{plain-port}/", "--proxytunnel --proxy {proxy} http://{plain}/"]
    {
        assert!(play(&world, line).text().starts_with("<!doctype html>"), "{line}");
    }
    assert_eq!((world.proxy.asked().len(), &*world.plain.requests()[1].target), (2, "/"));
}

#[test]
fn the_proxy_may_be_spoken_to_over_tls() {
    let world = World::new("discreet");
    let line = "-v -x https://localhost:{port} --proxy-cacert {ca.pem} --cacert {ca.pem} \
                https://origin.test:{secure-port}/";
    let run = play(&world, &line.replace("{port}", &world.discreet.port().to_string()));
    assert!(run.text().starts_with("<!doctype html>"), "{run:?}");
    assert_eq!(world.discreet.handshakes()[0].server_name.as_deref(), Some("localhost"));
    assert_eq!(run.stderr.matches("\n* TLSv1.3, ").count(), 2, "{run:?}");
}

#[test]
fn socks_gets_addresses_or_names() {
    let world = World::new("socks");
    for line in [
        "-x socks5://{socks} --resolve origin.test:{plain-port}:127.0.0.1 http://origin.test:{plain-port}/",
        "-x socks5h://{socks} http://origin.test:{plain-port}/",
        "-x socks5h://{guarded-socks} -U user:p@ss -k https://origin.test:{secure-port}/",
    ] {
        assert!(play(&world, line).text().starts_with("<!doctype html>"), "{line}");
    }
    let asked = world.socks.asked();
    assert_eq!((asked[0].form, &*asked[0].host), (HostForm::Ipv4, "127.0.0.1"));
    assert_eq!((asked[1].form, &*asked[1].host), (HostForm::Name, NAME));
    let credentials = world.guarded_socks.asked()[0].credentials.clone();
    assert_eq!(credentials, Some(("user".to_owned(), "p@ss".to_owned())));
}

#[test]
fn the_tunnel_is_shown_before_what_goes_through_it() {
    let world = World::new("shown");
    let run = play(&world, "-v -i -x {proxy} -k https://{secure}/bytes/5");
    let target = world.secure.addr();
    let shown: Vec<&str> = run.stderr.lines().collect();
    let agent = concat!("> User-Agent: straightwire/", env!("CARGO_PKG_VERSION"));
    assert_eq!(shown[0], format!("* Connecting to {}", world.proxy.addr()));
    let asked = [&*format!("> CONNECT {target} HTTP/1.1"), &*format!("> Host: {target}"), agent, "> "];
    assert_eq!(shown[2..6], asked);
    let granted = ["< HTTP/1.1 200 Connection Established", "< Proxy-Agent: straightwire-origin", "< "];
    assert_eq!(shown[6..9], granted);
    assert!(shown[9].starts_with("* TLSv1.3, "), "{run:?}");
    assert_eq!(shown[10..12], ["> GET /bytes/5 HTTP/1.1", &*format!("> Host: {target}")]);
    assert!(shown.contains(&"< HTTP/1.1 200 OK") && shown.contains(&"{ [5 bytes data]"), "{run:?}");
    // The head of the answer is the server's.
    assert!(run.stdout.starts_with(b"HTTP/1.1 200 OK\r\n"), "{run:?}");

    let run = play(&world, "-v -x socks5h://{socks} http://origin.test:{plain-port}/");
    let by =
        format!("* Connecting to origin.test:{} by socks5h://{}", world.plain.port(), world.socks.addr());
    assert_eq!(run.stderr.lines().next(), Some(&*by));
}

#[test]
fn a_refusal_is_told_with_what_to_do() {
    let world = World::new("refusal");
    let run = play(&world, "-v -x {guarded} https://{secure}/");
    assert_eq!((run.code, run.stdout.len()), (Some(56), 0), "{run:?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert!(lines.contains(&"< HTTP/1.1 407 Proxy Authentication Required"), "{run:?}");
    let [.., shown, told] = &*lines else { panic!("{run:?}") };
    assert_eq!(*shown, "< this proxy wants user and password");
    assert!(
        told.starts_with("straightwire: (56) Tunnel connection failed: 407 Proxy Authentication Required")
    );
    assert!(told.ends_with("; -U USER:PASSWORD says who asks"), "{run:?}");

    let run = play(&world, "-x {guarded} -U user:wrong https://{secure}/");
    assert!(run.stderr.contains(" 407 ") && !run.stderr.contains("-U "), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
}

#[test]
fn the_environment_names_no_proxy() {
    let world = World::new("environment");
    let mut command = command();
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, format!("http://{}", world.proxy.addr()));
    }
    run(command.args(world.words("http://{plain}/")), b"").text();
    assert_eq!(world.proxy.connections(), 0);
}
