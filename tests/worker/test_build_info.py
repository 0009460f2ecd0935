from alexnet_bench.worker.build_info import settings


def test_settings_that_matter_to_tensorflow_are_recorded():
    set_by_user = {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTEROP_THREADS": "1",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
        "OMP_NUM_THREADS": "1",
        "NVIDIA_TF32_OVERRIDE": "0",
        "NCCL_P2P_DISABLE": "1",
    }
    others = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF2_BEHAVIOR": "1", "PATH": "/bin", "MKL_NUM_THREADS": ""}
    others |= {"TF_CLI_CONFIG_FILE": "/etc/terraformrc", "TF_VAR_region": "north"}

    assert settings(set_by_user | others) == set_by_user
