//! The proxies: squid, with TLS too, and tinyproxy for `CONNECT`; microsocks for SOCKS. Each with or without
//! a password.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::certificates;
use crate::peer::Peer;
use crate::program::{MICROSOCKS, SQUID, TINYPROXY};

/// Whom the proxies know.
pub(crate) const USER: &str = "user";
pub(crate) const PASSWORD: &str = "secret";

/// Whether a proxy asks who is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    Free,
    Password,
}

/// Passes on to the ports that the servers of these tests have; others it refuses.
pub(crate) fn squid(access: Access) -> Option<Peer> {
    Some(start_squid(SQUID.find()?, access, "http_port 127.0.0.1:", ""))
}

/// The same, with TLS between it and its clients.
pub(crate) fn squid_with_tls(access: Access) -> Option<Peer> {
    Some(start_squid(SQUID.find()?, access, "https_port 127.0.0.1:", " tls-cert=chain.pem tls-key=key.pem"))
}

fn start_squid(program: PathBuf, access: Access, listen: &str, tls: &str) -> Peer {
    // Anybody, or those for whom another program says so: it reads a line for each who asks, with user and
    // password, and writes one.
    let known = match access {
        Access::Free => "acl known src all".to_owned(),
        Access::Password => format!(
            "auth_param basic program /bin/sed -u -e s/^{USER}.{PASSWORD}$/OK/ -e t -e s/.*/ERR/
auth_param basic realm peers
acl known proxy_auth REQUIRED"
        ),
    };
    Peer::start("squid", |port, folder| {
        certificates::write(&certificates::sound(), folder);
        let file = folder.join("squid.conf");
        let configuration = format!(
            "
{listen}{port}{tls}
{known}
acl CONNECT method CONNECT
acl servers port 20000-32000
http_access deny CONNECT !servers
http_access allow known
http_access deny all
cache deny all
cache_mem 1 MB
access_log none
cache_log /dev/null
pid_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname squid.test
"
        );
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(&program);
        // In the foreground, under a name of its own, telling on standard error how it goes.
        command.args(["-N", "-d", "1", "-n", &format!("peer{port}"), "-f"]).arg(file);
        command
    })
}

/// Passes on to any port.
pub(crate) fn tinyproxy(access: Access) -> Option<Peer> {
    let program = TINYPROXY.find()?;
    let known = match access {
        Access::Free => String::new(),
        Access::Password => format!("BasicAuth {USER} {PASSWORD}"),
    };
    Some(Peer::start("tinyproxy", |port, folder| {
        let file = folder.join("tinyproxy.conf");
        let configuration = format!(
            "Port {port}\nListen 127.0.0.1\nMaxClients 100\nTimeout 600\nLogLevel Connect\n{known}\n"
        );
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new(&program);
        command.args(["-d", "-c"]).arg(file);
        command
    }))
}

/// Passes on to wherever it is told.
pub(crate) fn microsocks(access: Access) -> Option<Peer> {
    let program = MICROSOCKS.find()?;
    Some(Peer::start("microsocks", |port, _| {
        let mut command = Command::new(&program);
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        if access == Access::Password {
            command.args(["-u", USER, "-P", PASSWORD]);
        }
        command
    }))
}
