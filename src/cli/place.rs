//! Where a broker is, for `pub` and `sub`: a URL, or host and port as other tools have them, and
//! whom to trust there.

use std::path::PathBuf;

use mqttspec::net::{
    ClientOptions, ClientTls, Endpoint, InvalidServerUrl, Pem, ServerUrl, TlsIdentity,
};
use mqttspec::packet::Credentials;
use mqttspec::topic::TopicFilter;

use super::client::usage;
use super::exit::Failed;

/// Where the broker is, and whom to trust there.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Whereabouts {
    /// The broker: HOST, HOST:PORT, or a URL with mqtt, mqtts, ws, wss or unix, such as
    /// mqtts://[USER[:PASSWORD]@]HOST[:PORT] [default: localhost:1883]
    #[arg(value_name = "BROKER", conflicts_with_all = ["host", "port", "unix"])]
    target: Option<ServerUrl>,

    /// The broker and the topic in one: mqtt(s)://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC
    #[arg(short = 'L', long, value_name = "URL", value_parser = with_topic,
          conflicts_with_all = ["host", "port", "unix", "target"])]
    url: Option<(ServerUrl, TopicFilter)>,

    /// The broker's name or address
    #[arg(short = 'h', long, default_value = "localhost", hide_default_value = true)]
    host: String,

    /// The broker's TCP port [default: 1883, with --ca 8883]
    #[arg(short, long)]
    port: Option<u16>,

    /// The broker's Unix socket
    #[arg(long, value_name = "PATH", conflicts_with_all = ["host", "port"])]
    unix: Option<PathBuf>,

    /// The certificate authorities to trust, in PEM [default: those of the system]
    #[arg(long, alias = "cafile", value_name = "FILE", help_heading = "TLS")]
    ca: Option<PathBuf>,

    /// A certificate to show, in PEM
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    cert: Option<PathBuf>,

    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    key: Option<PathBuf>,

    /// Take any certificate of the broker: anybody may be at the other end
    #[arg(long, help_heading = "TLS")]
    insecure: bool,
}

impl Whereabouts {
    /// The same as the client takes it.
    pub(super) fn options(&self) -> Result<ClientOptions, Failed> {
        let mut options = ClientOptions::from(self.endpoint()?);
        let mut tls = ClientTls::default();
        tls.ca = self.ca.clone().map(Pem::from);
        tls.insecure = self.insecure;
        if let (Some(certificate), Some(key)) = (&self.cert, &self.key) {
            let (certificate, key) = (certificate.clone().into(), key.clone().into());
            tls.identity = Some(TlsIdentity { certificate, key });
        }
        options.tls = tls;
        Ok(options)
    }

    /// Who the URL says to be.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.target()?.credentials.as_ref()
    }

    /// The topic that stands in the URL of `-L`.
    pub(super) fn topic(&self) -> Option<&TopicFilter> {
        self.url.as_ref().map(|(_, topic)| topic)
    }

    fn target(&self) -> Option<&ServerUrl> {
        self.target.as_ref().or_else(|| self.url.as_ref().map(|(target, _)| target))
    }

    fn endpoint(&self) -> Result<Endpoint, Failed> {
        let wants_tls = self.ca.is_some() || self.cert.is_some() || self.insecure;
        let endpoint = match (self.target(), &self.unix) {
            (Some(url), _) => url.endpoint.clone(),
            (None, Some(path)) => Endpoint::unix(path),
            (None, None) => {
                let usual = if wants_tls { Endpoint::MQTTS_PORT } else { Endpoint::MQTT_PORT };
                let endpoint = Endpoint::tcp(&self.host, self.port.unwrap_or(usual));
                return Ok(if wants_tls { endpoint.with_tls() } else { endpoint });
            }
        };
        if wants_tls && !endpoint.tls {
            // To go on without TLS would be the worst that could be made of it.
            return Err(usage(format!(
                "--ca, --cert and --insecure are for TLS, which {endpoint} is without: write \
                 mqtts:// or wss://"
            )));
        }
        Ok(endpoint)
    }
}

/// The broker and the topic of a URL as mosquitto's tools have it.
fn with_topic(text: &str) -> Result<(ServerUrl, TopicFilter), String> {
    let rest = text.strip_prefix("mqtt://").or_else(|| text.strip_prefix("mqtts://"));
    let Some(rest) = rest else {
        return Err(
            "-L is for mqtt:// and mqtts://; any other URL stands by itself, and the topic \
                    behind -t"
                .to_owned(),
        );
    };
    let Some((_, topic)) = rest.split_once('/').filter(|(_, topic)| !topic.is_empty()) else {
        return Err("it has no topic: mqtt://HOST/TOPIC, or the URL without -L".to_owned());
    };
    let place = &text[..text.len() - topic.len() - 1];
    let place = place.parse().map_err(|error: InvalidServerUrl| error.to_string())?;
    let topic = TopicFilter::new(topic.to_owned()).map_err(|invalid| invalid.to_string())?;
    Ok((place, topic))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    #[command(disable_help_flag = true)]
    struct Program {
        #[command(flatten)]
        whereabouts: Whereabouts,
    }

    macro_rules! places {
        ($($name:ident: $arguments:expr => $place:expr;)+) => {$(
            #[test]
            fn $name() {
                let arguments = ["program"].into_iter().chain($arguments.split_whitespace());
                let place = Program::try_parse_from(arguments)
                    .map_err(|error| error.to_string())
                    .and_then(|program| {
                        let options = program.whereabouts.options();
                        options.map_err(|failed| failed.error.to_string())
                    })
                    .map(|options| options.endpoint.to_string());
                let wanted: Result<&str, &str> = $place;
                match wanted {
                    Ok(wanted) => assert_eq!(place.as_deref(), Ok(wanted)),
                    Err(why) => assert!(place.as_ref().is_err_and(|e| e.contains(why)), "{place:?}"),
                }
            }
        )+};
    }

    places! {
        // arguments => where that is, or what is wrong with it
        nothing:       ""                        => Ok("mqtt://localhost:1883");
        host_and_port: "-h broker -p 7"          => Ok("mqtt://broker:7");
        url:           "wss://me@broker/a"       => Ok("wss://broker:443/a");
        unix:          "--unix /run/mqtt"        => Ok("unix:/run/mqtt");
        unix_url:      "unix:/run/mqtt"          => Ok("unix:/run/mqtt");
        ca:            "--cafile ca.pem"         => Ok("mqtts://localhost:8883");
        insecure:      "-h broker -p 1 --insecure" => Ok("mqtts://broker:1");
        ca_and_url:    "mqtts://broker --ca a"   => Ok("mqtts://broker:8883");
        ca_without:    "broker --ca ca.pem"      => Err("mqtts://");
        cert_alone:    "--cert a.pem"            => Err("--key");
        with_topic:    "-L mqtts://me:p@broker/a/b" => Ok("mqtts://broker:8883");
        no_topic:      "-L mqtt://broker"        => Err("no topic");
        other_scheme:  "-L wss://broker/mqtt"    => Err("behind -t");
        wrong_topic:   "-L mqtt://broker/a#"     => Err("MQTT-4.7.1-2");
        twice:         "broker -h other"         => Err("cannot be used with");
    }
}
