#include "service/reference_types.h"

namespace otelpipe {
namespace {

// Types of the reference's contrib distribution, one list per kind, words separated by blanks. Both spellings stand where a later version renamed a
// type by more than underscores.
constexpr std::string_view kReceivers =
    "active_directory_ds aerospike apache apachespark awscloudwatch awscontainerinsightreceiver awsecscontainermetrics awsfirehose awslambda "
    "awss3 awsxray azureblob azureeventhub azuremonitor bigip carbon chrony ciscoos cloudflare cloudfoundry collectd couchdb datadog "
    "docker_stats elasticsearch envoyals expvar faro filestats flinkmetrics fluentforward github gitlab googlecloudmonitoring "
    "googlecloudpubsub googlecloudspanner haproxy hostmetrics httpcheck icmpcheck iis influxdb jaeger jmx journald k8s_cluster k8s_events "
    "k8sobjects kafka kafkametrics kubeletstats libhoney macosunifiedlogging memcached mongodb mongodbatlas mysql namedpipe netflow nginx "
    "nsxt ntp opencensus oracledb otelarrow podman_stats postgresql pprof prometheus prometheus_simple prometheusremotewrite pulsar purefa "
    "purefb rabbitmq receiver_creator redis riak saphana sapm signalfx skywalking snmp snowflake solace splunk_hec splunkenterprise "
    "sqlquery sqlserver sshcheck statsd stef systemd tcpcheck tlscheck vcenter wavefront webhookevent windowseventlog "
    "windowsperfcounters windowsservice yanggrpc zookeeper";
constexpr std::string_view kProcessors =
    "cardinality_guardian coralogix cumulativetodelta deltatocumulative deltatorate drain experimental_metricsgeneration gen_ai_normalizer geoip "
    "groupbyattrs groupbytrace interval isolationforest k8sattributes logdedup logstransform metricsgeneration metricstarttime metricstransform "
    "probabilistic_sampler redaction remotetap resourcedetection schema span sumologic tail_sampling unroll";
constexpr std::string_view kExporters =
    "alibabacloud_logservice awscloudwatchlogs awsemf awskinesis awss3 awsxray azureblob azuredataexplorer azuremonitor bmchelix carbon cassandra "
    "clickhouse coralogix datadog dataset doris elasticsearch faro googlecloud googlecloudpubsub googlecloudstorage "
    "googlemanagedprometheus honeycombmarker influxdb kafka loadbalancing logicmonitor logzio mezmo opencensus opensearch otelarrow "
    "prometheusremotewrite pulsar rabbitmq sapm sentry signalfx splunk_hec stef sumologic syslog tencentcloud_logservice tinybird zipkin";
constexpr std::string_view kConnectors =
    "count datadog exceptions failover grafanacloud metricsaslogs otlpjson roundrobin routing servicegraph signaltometrics slowsql "
    "spanmetrics sum";
constexpr std::string_view kExtensions =
    "ack asapclient avro_log_encoding aws_logs_encoding awscloudwatchmetricstreams_encoding awsiamdbauth awslogs_encoding awsproxy azure_auth "
    "azure_encoding cgroupruntime datadog db_storage docker_observer ecs_observer ecs_task_observer googleclientauth "
    "googlecloudlogentry_encoding healthcheckv2 host_observer http_forwarder jaeger_encoding jaegerremotesampling "
    "json_log_encoding k8s_leader_elector k8s_observer kafkatopics_observer oauth2client oidc opamp otlp_encoding pebble_tail_storage "
    "redis_storage sigv4auth skywalking_encoding sumologic text_encoding zipkin_encoding";

struct Removed {
  ComponentKind kind;
  std::string_view type;
  std::string_view advice;
};
constexpr std::string_view kUseOtlp = "send by the otlp exporter: its receiver understands OTLP";
constexpr Removed kRemoved[] = {
    {ComponentKind::kExporter, "jaeger", kUseOtlp},
    {ComponentKind::kExporter, "jaeger_thrift", kUseOtlp},
    {ComponentKind::kExporter, "jaeger_proto", kUseOtlp},
    {ComponentKind::kExporter, "tanzuobservability", ""},
    {ComponentKind::kExporter, "parquet", ""},
    {ComponentKind::kExporter, "f5cloud", ""},
    {ComponentKind::kExporter, "dynatrace", kUseOtlp},
    {ComponentKind::kExporter, "instana", kUseOtlp},
    {ComponentKind::kExporter, "skywalking", ""},
    {ComponentKind::kReceiver, "prometheus_exec", ""},
    {ComponentKind::kProcessor, "queued_retry", "write sending_queue and retry_on_failure in the exporter"},
    {ComponentKind::kProcessor, "spanmetrics", "the reference has a connector of that name"},
    {ComponentKind::kProcessor, "servicegraph", "the reference has a connector of that name"},
    {ComponentKind::kProcessor, "routing", "the reference has a connector of that name"},
    {ComponentKind::kProcessor, "datadog", ""},
    {ComponentKind::kProcessor, "k8s_tagger", "later versions call it k8sattributes"},
};

struct Advice {
  ComponentKind kind;
  std::string_view type;
  std::string_view text;
};
constexpr std::string_view kOtlpTraces = "have the application send OTLP to the otlp receiver, or take this receiver out of the pipelines";
constexpr Advice kAdvice[] = {
    {ComponentKind::kReceiver, "jaeger", kOtlpTraces},
    {ComponentKind::kReceiver, "opencensus", kOtlpTraces},
    {ComponentKind::kReceiver, "prometheus",
     "have Prometheus scrape the target itself; the agent's own metrics are at service::telemetry::metrics"},
    {ComponentKind::kProcessor, "k8sattributes",
     "names of pod, namespace and container come from the file path: see the container operator"},
    {ComponentKind::kProcessor, "logstransform", "put the operators into the receiver"},
    {ComponentKind::kProcessor, "resourcedetection", "the resource processor with ${env:NAME} sets what the platform tells by variables"},
    {ComponentKind::kConnector, "routing", "the filter processor in one pipeline per route does the same"},
    {ComponentKind::kExtension, "healthcheckv2", "write health_check"},
};

std::string Plain(std::string_view type) {
  std::string out;
  for (char c : type) {
    if (c != '_') out += c;
  }
  return out;
}

std::string_view ListOf(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver: return kReceivers;
    case ComponentKind::kProcessor: return kProcessors;
    case ComponentKind::kExporter: return kExporters;
    case ComponentKind::kConnector: return kConnectors;
    case ComponentKind::kExtension: return kExtensions;
    case ComponentKind::kOperator: break;
  }
  return {};
}

}  // namespace

std::optional<ReferenceType> FindReferenceType(ComponentKind kind, std::string_view type) {
  const std::string plain = Plain(type);
  for (std::string_view rest = ListOf(kind); !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size() < rest.size() ? word.size() + 1 : word.size());
    if (Plain(word) != plain) continue;
    ReferenceType out{std::string(word), false, {}};
    for (const Advice& a : kAdvice) {
      if (a.kind == kind && a.type == word) out.advice = a.text;
    }
    return out;
  }
  for (const Removed& r : kRemoved) {
    if (r.kind == kind && Plain(r.type) == plain) return ReferenceType{std::string(r.type), true, r.advice};
  }
  return std::nullopt;
}

}  // namespace otelpipe
