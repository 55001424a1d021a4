#include "receiver/tcplog/tcplog.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(receiver, tcplog, registry) { return registry.AddReceiver<otelpipe::TcplogReceiver>(); }
