#include "exporter/nop/nop.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(exporter, nop, registry) { return registry.AddExporter<otelpipe::NopExporter>(); }
