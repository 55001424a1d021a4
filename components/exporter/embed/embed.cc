#include "exporter/embed/embed.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(exporter, embed, registry) { return registry.AddExporter<otelpipe::EmbedExporter>(); }
