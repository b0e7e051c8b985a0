//! Servers and proxies of all kinds, and the files that go with them.

use std::net::TcpListener;
use std::path::PathBuf;

use origin::certificates::{Authority, self_signed};
use origin::{Closed, Origin, Proxy, Script, Scripted, TlsSetup};

use crate::program::fresh_path;

/// A name that only a proxy or `--resolve` knows.
pub(crate) const NAME: &str = "origin.test";

/// Whom a command line can name: see [`World::words`].
pub(crate) struct World {
    pub(crate) plain: Origin,
    pub(crate) secure: Origin,
    /// For clients with a certificate only.
    pub(crate) members: Origin,
    pub(crate) proxy: Proxy,
    /// For a user, with a password.
    pub(crate) guarded: Proxy,
    /// Spoken to over TLS.
    pub(crate) discreet: Proxy,
    pub(crate) socks: Proxy,
    pub(crate) guarded_socks: Proxy,
    expired: Origin,
    stranger: Origin,
    old: Origin,
    mute_tls: Scripted,
    cut: Scripted,
    rude: Scripted,
    curt: Scripted,
    hasty: Scripted,
    silent: TcpListener,
    closed: Closed,
    folder: PathBuf,
}

impl World {
    pub(crate) fn new(name: &str) -> World {
        let authority = Authority::new();
        let setup = TlsSetup::new(&authority.issue(&["127.0.0.1", "localhost", NAME]));
        let start = |setup: &TlsSetup| Origin::start_tls(setup).unwrap();
        let known = |builder: origin::ProxyBuilder| builder.name(NAME, [127, 0, 0, 1]);
        let script = |script: Script| Scripted::start(vec![script]).unwrap();
        let cut = Script::new().read_request().send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").cut();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();

        let folder = fresh_path(name);
        std::fs::create_dir_all(&folder).unwrap();
        let client = authority.leaf(&["client.test"]).for_clients().issue();
        let foreign = self_signed(&["client.test"]);
        let (chain, key) = (client.chain_pem(), client.key_pem());
        for (name, text) in [
            ("ca.pem", authority.root_pem()),
            ("other-ca.pem", Authority::new().root_pem()),
            ("client.pem", &chain),
            ("client.key", key),
            ("client-and-key.pem", &format!("{chain}{key}")),
            ("foreign.key", foreign.key_pem()),
            ("no.pem", "nothing of the kind\n"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        World {
            plain: Origin::start().unwrap(),
            secure: start(&setup),
            members: start(&setup.clone().require_clients_of(authority.root_pem())),
            proxy: known(Proxy::http()).start().unwrap(),
            guarded: known(Proxy::http()).credentials("user", "p@ss").start().unwrap(),
            discreet: known(Proxy::https(&setup)).start().unwrap(),
            socks: known(Proxy::socks5()).start().unwrap(),
            guarded_socks: known(Proxy::socks5()).credentials("user", "p@ss").start().unwrap(),
            expired: start(&TlsSetup::new(&authority.leaf(&["127.0.0.1"]).expired().issue())),
            stranger: start(&TlsSetup::new(&authority.issue(&["elsewhere.test"]))),
            old: start(&setup.clone().only_1_2()),
            mute_tls: Scripted::start_tls(
                &setup,
                vec![Script::new().in_clear().part_of_handshake(50).hold()],
            )
            .unwrap(),
            cut: Scripted::start_tls(&setup, vec![cut]).unwrap(),
            rude: script(Script::new().read_head().send("hello\r\n\r\n").close()),
            curt: script(Script::new().read_head().close()),
            hasty: script(Script::new().read_bytes(3).close()),
            silent,
            closed: Closed::new().unwrap(),
            folder,
        }
    }

    /// The path of a file of this name.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The words of a command line. A server's name in braces stands for its host and port, a file's for its
    /// path.
    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        line.split_whitespace().map(|word| self.word(word)).collect()
    }

    fn word(&self, word: &str) -> String {
        let Some((before, rest)) = word.split_once('{') else { return word.to_owned() };
        let (name, after) = rest.split_once('}').unwrap();
        let place = match name {
            "plain" => self.plain.addr(),
            "secure" => self.secure.addr(),
            "members" => self.members.addr(),
            "proxy" => self.proxy.addr(),
            "guarded" => self.guarded.addr(),
            "discreet" => self.discreet.addr(),
            "socks" => self.socks.addr(),
            "guarded-socks" => self.guarded_socks.addr(),
            "expired" => self.expired.addr(),
            "stranger" => self.stranger.addr(),
            "old" => self.old.addr(),
            "mute-tls" => self.mute_tls.addr(),
            "cut" => self.cut.addr(),
            "rude" => self.rude.addr(),
            "curt" => self.curt.addr(),
            "hasty" => self.hasty.addr(),
            "silent" => self.silent.local_addr().unwrap(),
            "closed" => self.closed.addr(),
            "plain-port" => return self.word(&format!("{before}{}{after}", self.plain.port())),
            "secure-port" => return self.word(&format!("{before}{}{after}", self.secure.port())),
            file => {
                let path = self.file(file);
                return format!("{before}{}{after}", path.display());
            }
        };
        self.word(&format!("{before}{place}{after}"))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}
