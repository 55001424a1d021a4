#include "operator/noop/noop.h"

#include "otelpipe/component/register.h"

OTELPIPE_REGISTER(operator, noop, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Noop>());
}
