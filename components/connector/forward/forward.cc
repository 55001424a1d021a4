#include "connector/forward/forward.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(connector, forward, registry) { return registry.AddConnector<otelpipe::ForwardConnector>(); }
