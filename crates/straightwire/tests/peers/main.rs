//! The client against what others wrote: the servers Python's `http.server`, nginx, Caddy and OpenSSL's
//! `s_server`, the proxies squid and tinyproxy, and microsocks, which speaks SOCKS.
//!
//! Each test starts its own server on a free port of 127.0.0.1, in a folder of its own, with a
//! configuration that it writes; the server is stopped at the end and its log shown when the test fails.
//! What is asked of several servers stands in [`checks`], what only one of them can do in its own file.
//! Certificates come from an authority that only these tests know.
//!
//! A program is looked for as its variable says (`STRAIGHTWIRE_NGINX` and so on), else on the PATH; where it isn't found its tests say so and pass, or fail if
//! `STRAIGHTWIRE_REQUIRE_PEERS` is 1. `cargo xtask test` fetches what is missing.

/// Makes a test of each of these checks, against a server that `$start` starts.
macro_rules! checks {
    ($start:expr => $($topic:ident::$check:ident),+ $(,)?) => {$(
        #[test]
        fn $check() {
            if let Some(peer) = $start() {
                crate::checks::$topic::$check(peer);
            }
        }
    )+};
}

/// Those that every server of files passes, directly connected to.
macro_rules! file_checks {
    ($start:expr) => {
        checks!($start =>
            connections::a_thousand_requests_go_over_one_connection,
            connections::a_request_to_close_is_the_last_of_its_connection,
            connections::nothing_there_keeps_the_connection,
            connections::an_unread_response_leaves_nothing_behind,
            connections::a_restarted_server_is_connected_to_again,
            connections::a_stopped_server_refuses_and_is_found_again,
            messages::head_has_the_fields_of_get_and_no_body,
            messages::ranges_give_their_bytes,
            messages::several_ranges_are_parts_of_one_answer,
            messages::a_range_past_the_end_is_refused,
            messages::nothing_there_is_told_and_the_next_request_is_right,
            messages::not_modified_has_no_body,
            messages::gzip_comes_raw,
            messages::gzip_as_a_coding_comes_raw,
            downloads::a_download_goes_on_where_it_ended,
            downloads::a_large_body_is_read_whole,
            downloads::a_large_body_is_read_in_blocks,
            downloads::a_large_body_is_read_from_the_buffer,
            downloads::a_large_body_is_copied,
        );
    };
}

/// Those that whatever passes requests on to `server.py` passes.
macro_rules! body_checks {
    ($start:expr) => {
        checks!($start =>
            bodies::chunks_are_joined,
            bodies::an_upload_comes_back,
            bodies::an_upload_step_by_step_comes_back,
            bodies::a_large_file_is_uploaded_whole,
            bodies::an_expectation_is_answered_on_the_way,
            bodies::a_body_shorter_than_promised_is_an_error,
            bodies::chunks_that_break_off_are_an_error,
        );
    };
}

/// Those that a server of files, with `server.py` behind it, passes with a proxy in front of it.
macro_rules! proxy_checks {
    ($start:expr) => {
        checks!($start =>
            connections::a_thousand_requests_go_over_one_connection,
            connections::a_request_to_close_is_the_last_of_its_connection,
            connections::an_unread_response_leaves_nothing_behind,
            messages::head_has_the_fields_of_get_and_no_body,
            messages::ranges_give_their_bytes,
            downloads::a_large_body_is_read_in_blocks,
            bodies::chunks_are_joined,
            bodies::an_upload_step_by_step_comes_back,
            bodies::a_large_file_is_uploaded_whole,
            bodies::a_body_shorter_than_promised_is_an_error,
            bodies::chunks_that_break_off_are_an_error,
        );
    };
}

mod caddy;
mod certificates;
mod checks;
mod nginx;
mod openssl;
mod peer;
mod program;
mod proxies;
mod python;
mod python_http10;
mod sessions;
mod sha256;
mod site;
mod socks;
mod tunnels;
mod verification;
mod websocket;
