# How everything is compiled: C++23 as g++ 12 and clang 19 have it, warnings as errors, narrow third-party headers.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(RECOVERD_CCACHE ccache)
if(RECOVERD_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Paths below the checkout count as relative, so that another clone of the same sources finds what this one compiled.
    # The sloppiness is what ccache wants for precompiled headers: it cannot see which macros one defines, nor __TIME__ in it.
    # Without the cache of inodes it reads all 120 MB of one again for each file: 0.9 s for a hit instead of 0.06 s.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_INODECACHE=1
                                    ${RECOVERD_CCACHE})
endif()

# core_test with its debugging information takes ld 1.3 s, mold 0.4.
find_program(RECOVERD_MOLD mold)
if(RECOVERD_MOLD AND CMAKE_BUILD_TYPE STREQUAL Debug)
    add_link_options(-fuse-ld=mold)
endif()

add_library(recoverd_options INTERFACE)
target_compile_options(recoverd_options INTERFACE
    # What is built names no folder of the machine that built it.
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
    -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
    $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers -fcoroutines>
    # g++ 12 with -O2 takes replacing within a std::string for an overlapping copy (gcc bugs 105329, 105651) and, once a
    # coroutine's frame is inlined, asio's pair of operator new and delete for frames for a pair that does not match; and
    # the shared_ptr of an aggregate for one that is destroyed without having been made (clang, which looks too, does not).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:RelWithDebInfo,Release>>:-Wno-restrict -Wno-mismatched-new-delete
                                                                     -Wno-maybe-uninitialized>
    # Designated initialisers leave the rest at its default on purpose. Clang also tells of what libstdc++ 12 uses itself,
    # behind stable_sort; our own uses of what is deprecated are g++'s to find.
    $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers -Wno-missing-designated-field-initializers
                               -Wno-deprecated-declarations>)
# The standard library's templates are made again in each file that uses them. Sources that are compiled as one share them:
# core takes 57 s instead of 95 in dev, 103 instead of 211 in release, 113 instead of 159 with the sanitizers, on two cores.
if(RECOVERD_TOGETHER)
    # g++ takes what a source keeps for itself, when another file includes it, for what a header promises.
    target_compile_options(recoverd_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
# Of a library only what is used gets into a program. Sources are compiled together, so that one function would bring all those
# of its folder along: the worker would have 2.5 MB instead of 0.6.
target_compile_options(recoverd_options INTERFACE $<$<CONFIG:RelWithDebInfo,Release>:-ffunction-sections -fdata-sections>)
target_link_options(recoverd_options INTERFACE $<$<CONFIG:RelWithDebInfo,Release>:-Wl,--gc-sections>)
target_compile_definitions(recoverd_options INTERFACE
    RECOVERD_VERSION="${PROJECT_VERSION}"
    ASIO_STANDALONE
    # Else each frame of a coroutine, 28 for an HTTP check, is made by aligned_alloc, for which glibc 2.36 goes past its
    # thread's cache. What malloc makes is aligned well enough.
    ASIO_DISABLE_STD_ALIGNED_ALLOC
    ASIO_NO_DEPRECATED
    SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL
    # asio 1.22 does not recognise clang's coroutines by itself.
    $<$<CXX_COMPILER_ID:Clang>:ASIO_HAS_CO_AWAIT ASIO_HAS_STD_COROUTINE>)
target_include_directories(recoverd_options INTERFACE ${PROJECT_SOURCE_DIR})

if(RECOVERD_SANITIZE)
    target_compile_options(recoverd_options INTERFACE -fsanitize=${RECOVERD_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(recoverd_options INTERFACE -fsanitize=${RECOVERD_SANITIZE})
    # g++ takes the sanitizers' checks of a moved std::variant for uses of what it does not hold, and, once a coroutine's
    # frame is inlined, asio's pair of operator new and delete for frames for a pair that does not match.
    target_compile_options(recoverd_options INTERFACE
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-mismatched-new-delete>)
    if(RECOVERD_SANITIZE MATCHES thread)
        # asio uses fences, which TSan does not model.
        target_compile_options(recoverd_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
    endif()
    if(RECOVERD_SANITIZE MATCHES undefined)
        # A null pointer faults by itself, and what lies outside of an object the address sanitizer knows better: to look for
        # these as well, and for functions called as another type, takes a quarter of the time that clang needs for a file.
        target_compile_options(recoverd_options INTERFACE -fno-sanitize-recover=undefined
            $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=null,object-size,function>)
    endif()
endif()

# The headers of the standard library, fmt and asio are most of what is compiled. Read once instead of in each of 600 files they
# leave half of the time (g++ 12, -O0, seconds a file: core/engine/judge.cpp 4.7 -> 3.5, io/http_client.cpp 4.2 -> 1.8,
# tests/core/schedule_test.cpp 3.6 -> 1.5), for 120 MB on disk each in a preset's libraries and tests.
# For presets that are built for tests. The others go without, so that a file which leans on what others include is found,
# and since g++ 12 at -O2 takes what comes out of a precompiled <string> for an overflow.
option(RECOVERD_PRECOMPILE "Compile the common headers of others once" OFF)
function(recoverd_precompile target)
    if(NOT RECOVERD_PRECOMPILE)
        return()
    endif()
    cmake_parse_arguments(ARG "" "OWN;FROM" "" ${ARGN})
    if(ARG_OWN)
        target_precompile_headers(${target} PRIVATE <${ARG_OWN}>)
    else()
        target_precompile_headers(${target} REUSE_FROM ${ARG_FROM})
    endif()
    # g++ looks for memory it does not need any more whenever it holds 128 MB; without, that is an eighth of its time.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=400000>)
    # Without, clang's holds the time at which it was made, and ccache finds nothing.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Xclang -fno-pch-timestamp>)
endfunction()
