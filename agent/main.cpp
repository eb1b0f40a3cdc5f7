// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

int main() {
    std::puts("recoverd " RECOVERD_VERSION);
    return 0;
}
