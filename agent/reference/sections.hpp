// SPDX-License-Identifier: Apache-2.0
// The chapters of the reference, made from the tables that parse, judge and render: they cannot say what the program
// does not do.
#pragma once

#include "agent/reference/page.hpp"

namespace recoverd::agent {

void write_commands(Page& page);
void write_configuration(Page& page);
void write_collectors(Page& page);
void write_alerts(Page& page);
void write_metrics(Page& page);

} // namespace recoverd::agent
