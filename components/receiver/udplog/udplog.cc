#include "receiver/udplog/udplog.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(receiver, udplog, registry) { return registry.AddReceiver<otelpipe::UdplogReceiver>(); }
