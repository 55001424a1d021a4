#include "receiver/nop/nop.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(receiver, nop, registry) { return registry.AddReceiver<otelpipe::NopReceiver>(); }
