/*
 * node_open: which node a command is about: SUBCARD_ROOT, else the root that the cache names, else "/".
 */
#pragma once
#include "base/fs.h"

int sc_node_open(struct sc_root *ret, struct sc_error *err);
